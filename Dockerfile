# The service alone: no torch, no training code at work.
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY service service
COPY training training
COPY models models
RUN pip install --no-cache-dir build && python -m build --wheel

FROM python:3.12-slim
RUN useradd --create-home zhangfa
COPY --from=build /src/dist/*.whl /tmp/
RUN pip install --no-cache-dir "$(echo /tmp/*.whl)[documents]" && rm /tmp/*.whl
USER zhangfa
ENV ZHANGFA_HOST=0.0.0.0 ZHANGFA_PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=2s --start-period=5s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/ready', timeout=1)"]
ENTRYPOINT ["zhangfa"]
CMD ["serve"]
