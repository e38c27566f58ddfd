# The server alone: no Java, no example apps. Versions and hashes are those of the lock file.
FROM python:3.13-slim
WORKDIR /srv/idp-bridge
COPY requirements.lock pyproject.toml README.md ./
COPY adapters adapters
COPY qr qr
COPY realms realms
COPY idp_bridge idp_bridge
RUN pip install --no-cache-dir --require-hashes -r requirements.lock \
 && pip install --no-cache-dir --no-deps ./qr ./adapters . \
 && useradd --system bridge && install -d -o bridge /var/lib/idp-bridge/keys
USER bridge
ENTRYPOINT ["idp-bridge"]
