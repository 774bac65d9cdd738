# The gateway with its dashboard. Node is the one that package.json pins (a test holds the two together), so the npm package that brings
# it elsewhere is left without its binary here, and no install script of any package runs.
FROM node:24.21.0-trixie-slim AS dashboard
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY dashboard/package.json dashboard/
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY dashboard dashboard
COPY scripts scripts
RUN node scripts/image.mjs

FROM node:24.21.0-trixie-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --workspaces=false && npm cache clean --force

FROM node:24.21.0-trixie-slim
LABEL org.opencontainers.image.title="WAGate" \
  org.opencontainers.image.description="An open, self-hosted WhatsApp gateway" \
  org.opencontainers.image.licenses="MIT"
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=dashboard /app/dashboard/dist dashboard/dist
COPY package.json LICENSE ./
COPY src src
COPY simulator simulator
COPY deploy/wagate deploy/healthcheck.mjs /usr/local/bin/
# A new volume takes its owner from the place where it is mounted: /shared is for several nodes (compose.cluster.yaml).
RUN mkdir /data /shared && chown node:node /data /shared && chmod 700 /data /shared
USER node
# What SQLite puts beside a file that it writes anew is as large as the file, and /tmp may be memory (compose.yaml): SQLITE_TMPDIR.
ENV NODE_ENV=production \
  HOST=0.0.0.0 \
  PORT=3000 \
  DATA_DIR=/data \
  SQLITE_TMPDIR=/data \
  IN_CONTAINER=true \
  MALLOC_ARENA_MAX=2 \
  WAGATE_COMMAND="docker compose exec wagate wagate"
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["node", "/usr/local/bin/healthcheck.mjs"]
CMD ["node", "src/main.ts"]
