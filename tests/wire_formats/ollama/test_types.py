import pytest
from openai.types import create_embedding_response, embedding

from tests.wire_formats.sdk_models import misfits
from wire_formats.ollama import types


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        (types.Embedding, embedding.Embedding),
        (types.EmbeddingList, create_embedding_response.CreateEmbeddingResponse),
        (types.EmbeddingUsage, create_embedding_response.Usage),
    ],
)
def test_embeddings_are_as_openais_sdk_has_them(kind, model):
    assert misfits(kind, model) == set()
