// Server-sent events, as far as chat streams use them.

// The data of each event of `stream`, a ReadableStream of bytes.
export async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    while (true) {
      const { value, done } = await reader.read();
      rest += done ? "\n\n" : value;
      const parts = rest.split(/\r?\n\r?\n/);
      rest = parts.pop();
      yield* parts.map(data).filter((text) => text !== "");
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => {}); // the stream may have ended with an error of its own
  }
}

function data(event) {
  return event
    .split(/\r?\n/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5).replace(/^ /, ""))
    .join("\n");
}
