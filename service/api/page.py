"""The web page: static files under a policy that lets nothing else load and nothing leave the server."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from service.palette import stylesheet

_FOLDER = Path(__file__).parent.parent / "web"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

router = APIRouter(include_in_schema=False)


@router.get("/")
async def page() -> FileResponse:
    """The page."""
    return FileResponse(_FOLDER / "index.html", media_type="text/html; charset=utf-8", headers=_HEADERS)


@router.get("/web/labels.css")
async def labels() -> Response:
    """Colours of the functions."""
    return Response(stylesheet(), media_type="text/css; charset=utf-8", headers=_HEADERS)


class _GuardedFiles(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        return response


def files() -> Any:
    """The static files of the page, as an application to mount."""
    return _GuardedFiles(directory=_FOLDER)
