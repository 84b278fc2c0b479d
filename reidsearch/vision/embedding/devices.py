"""Whether a device answers as the model does: asked before it embeds anything for an archive."""

from __future__ import annotations

from collections.abc import Callable

from reidsearch.base.errors import Kind, ModelError
from reidsearch.vision.embedding.embedder import Embedder
from reidsearch.vision.embedding.golden import GoldenResult, diagnose, pictures


def require_same_answers(embedder: Embedder, by_cpu: Callable[[], Embedder]) -> None:
    """Refuse a device whose embeddings are not those of the model.

    They are compared with the model's golden vectors, and where there are none, or mirror images
    are averaged, with what the CPU answers here. The tolerance is that of `golden.diagnose`.

    Args:
        embedder: on the device.
        by_cpu: loads the same model on the CPU.

    Raises:
        ModelError: they differ by more; the message says by how much.
    """
    found = GoldenResult(()) if embedder.identity.flip else diagnose(embedder)
    whose = "the genuine model's vectors"
    if not found.cosines:
        found = diagnose(embedder, by_cpu().embed(pictures()))
        whose = "what the CPU answers"
    if found.fault is not None:
        raise ModelError(
            f"{embedder.identity.text} gives other embeddings on {embedder.runtime}: cosine to "
            f"{whose} {min(found.cosines):.4f}: {found.fault.cause}",
            found.fault.hint or "choose CPU",
            kind=found.fault.kind or Kind.INFERENCE_DIFFERS,
        )
