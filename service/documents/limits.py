"""Bounds on what a file may hold, so that none exhausts the service."""

import io
import zipfile
from dataclasses import dataclass

from service.core.errors import InputError, TooLongError


@dataclass(frozen=True)
class Limits:
    """Bounds of one file.

    :ivar max_bytes: of the file as sent.
    :ivar max_characters: of the text taken out of it.
    :ivar max_pages: of a PDF.
    :ivar max_expanded_bytes: of all parts of a Word file together, unpacked.
    :ivar max_entries: number of parts of a Word file.
    """

    max_bytes: int = 20_000_000
    max_characters: int = 500_000
    max_pages: int = 500
    max_expanded_bytes: int = 200_000_000
    max_entries: int = 5_000

    def check_bytes(self, data: bytes) -> None:
        """Refuse a file that is too large.

        :raises InputError: it is.
        """
        if len(data) > self.max_bytes:
            raise InputError(f"文件有 {len(data):,} 字节，超过上限 {self.max_bytes:,}：请拆分后再试")

    def check_characters(self, n_characters: int) -> None:
        """Refuse a text that is too long.

        :raises TooLongError: it is.
        """
        if n_characters > self.max_characters:
            raise TooLongError(n_characters, self.max_characters)

    def check_archive(self, data: bytes) -> None:
        """Refuse a zip archive that unpacks to too much; ``zipfile`` reads no more of a part than its declared size.

        :raises InputError: it is no zip archive, or holds too many or too large parts.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise InputError("Word 文件已损坏(不是完整的压缩包)：请用 Word 或 WPS 重新保存") from error
        if len(entries) > self.max_entries:
            raise InputError(f"Word 文件含 {len(entries):,} 个部件，超过上限 {self.max_entries:,}")
        n_bytes = sum(entry.file_size for entry in entries)
        if n_bytes > self.max_expanded_bytes:
            raise InputError(f"Word 文件展开后有 {n_bytes:,} 字节，超过上限 {self.max_expanded_bytes:,}")
