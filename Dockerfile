# The gateway, with its addon and the page: `docker build -t trunkroom .`
#
# Needs no right and writes nothing: root file system read-only, all capabilities dropped, user 1000. The configuration
# is expected at /etc/trunkroom/trunkroom.yaml. Outside of Kubernetes run it with `--network host` (docker-compose.yml
# says why); docs/KUBERNETES.md tells how phones and browsers reach it in a pod.

# The version that package.json has as `node`, which is left out of the image.
FROM node:24.21.0-bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 make g++ \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# The addon is built by the installation, against the headers that the image has.
ENV npm_config_nodedir=/usr/local
COPY package.json package-lock.json .npmrc ./
COPY src/adapters/native src/adapters/native
RUN npm ci --omit=dev --no-audit --no-fund \
 && test -f src/adapters/native/build/Release/trunkroom.node \
 && rm -rf node_modules/node node_modules/.bin/node src/adapters/native/build/Release/obj.target
COPY . .
RUN npm run build:web

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/config config
COPY --from=build /app/src src
# By number, so that Kubernetes can tell that it is not root.
USER 1000:1000
# SIP, RTP of phones; page and API; browsers' media by TCP and UDP; TURN.
EXPOSE 5060/udp 5060/tcp 5061/tcp 10000-19999/udp 7880/tcp 7881-7889/tcp 7882-7890/udp 3478/udp 3478/tcp
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:7880/servingz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "src/app/main.ts"]
CMD ["--config", "/etc/trunkroom/trunkroom.yaml"]
