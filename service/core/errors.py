"""The errors of the core; each message names the input and the mend."""


class ZhangfaError(Exception):
    """Base of all errors that a user can mend.

    :ivar code: stable identifier for programs, kebab case.
    """

    code = "error"


class BundleError(ZhangfaError):
    """The model directory is missing, incomplete, altered or made for another version of the code."""

    code = "model-directory"


class InputError(ZhangfaError):
    """A text or document cannot be used as it is."""

    code = "invalid-input"


class EmptyTextError(InputError):
    """Nothing is left of the text after normalisation."""

    code = "empty-text"

    def __init__(self) -> None:
        super().__init__("文本为空：请提供至少一个可见字符")


class TooLongError(InputError):
    """The text passes a limit; the message names both."""

    code = "text-too-long"

    def __init__(self, n_characters: int, limit: int) -> None:
        super().__init__(f"文本有 {n_characters} 个字符，超过上限 {limit}：请拆成较短的文本，或调高该上限")


class ModelError(ZhangfaError):
    """The inference session failed on a batch; the session itself may go on."""

    code = "model-failed"
