"""The fields that front ends leave in the messages they send, and that no upstream reads there."""

# What front ends note in their messages and forget to take out: LibreChat and LobeChat which model
# wrote it, LangChain the same in `response_metadata`, all of them the conversation. No upstream
# reads a model anywhere in a message, or these in a message itself, so they are passed on unread.
# In the body itself they are kept apart: Anthropic reads `thread` and `previous_message_id`,
# Mistral `conversation_id` and `agent_id`, and a server in .NET or Java may call them
# `conversationId`. `chat_id`, `session_id`, `parent_message_id` and the `id` of a message are
# nowhere guarded: to no upstream are they an object of the account.
MODELS_OF_MESSAGES = frozenset({"modelId", "modelName", "deploymentId"})
NOTES_OF_MESSAGES = frozenset(
    {
        "agent",
        "agent_id",
        "agentId",
        "assistant_id",
        "assistantId",
        "conversation",
        "conversation_id",
        "conversationId",
        "preset",
        "previous_message_id",
        "previousMessageId",
        "thread",
        "thread_id",
        "threadId",
    }
)
