# Two images of the same layers: `souk` for every service (SERVICES says which run in a container), and `souk-gateway`, the only
# one that is reached from outside:
#
#   docker build --target service -t souk .
#   docker build --target gateway -t souk-gateway .
FROM node:24-bookworm-slim AS install
RUN apt-get update && apt-get install -y --no-install-recommends python3 make g++ libsqlite3-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /souk
COPY package.json package-lock.json ./
# The image has Node: the one that npm brings for machines without it is left out again.
RUN npm_config_sqlite=/usr npm_config_build_from_source=true npm ci --omit=dev && rm -rf node_modules/node-linux-*

FROM node:24-bookworm-slim AS service
RUN apt-get update && apt-get install -y --no-install-recommends libsqlite3-0 && rm -rf /var/lib/apt/lists/*
WORKDIR /souk
COPY --from=install /souk/node_modules node_modules
COPY . .
RUN mkdir -p data && chown node:node data
USER node
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=data
VOLUME /souk/data
# Every process answers at the port of its first service: 8000 for the gateway, the others' are in moleculer.config.ts.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
	CMD node -e "fetch('http://127.0.0.1:' + (process.env.HEALTH_PORT || process.env.PORT || 8000) + '/health/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"
CMD ["node", "scripts/start.ts"]

FROM service AS gateway
ENV SERVICES=api PORT=8000
EXPOSE 8000
