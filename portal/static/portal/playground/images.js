// Pictures of a message, as data URLs: they are sent with the request and kept nowhere.

const LARGEST_BYTES = 5 * 1024 * 1024;
const MOST = 8;
const TYPES = ["image/png", "image/jpeg", "image/webp", "image/gif"];

// The data URLs of `files` beside those that are `held`. Throws an Error with words for the person.
export async function read(files, held) {
  const chosen = [...files];
  if (held.length + chosen.length > MOST) throw new Error(`At most ${MOST} images fit a message.`);
  for (const file of chosen) {
    if (!TYPES.includes(file.type)) throw new Error(`${file.name} is no PNG, JPEG, WebP or GIF.`);
    if (file.size > LARGEST_BYTES) throw new Error(`${file.name} is larger than 5 MB.`);
  }
  return Promise.all(chosen.map(dataUrl));
}

function dataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(new Error(`${file.name} cannot be read.`)));
    reader.readAsDataURL(file);
  });
}
