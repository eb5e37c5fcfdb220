# One image for all services and lens. The command in compose.yaml decides which one a container runs.
# Alpine, because it has the wget of the health checks; all packages are plain JavaScript.
FROM node:24.21.0-alpine AS packages
WORKDIR /baton
COPY package.json package-lock.json .npmrc ./
# Optional packages are Node itself, which the image has, and native code with a JavaScript fallback.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24.21.0-alpine
ENV NODE_ENV=production
WORKDIR /baton
# A new volume takes the owner of the folder that it is mounted on.
RUN mkdir -p /var/lib/baton/mail /var/lib/baton/lens && chown -R 1000:1000 /var/lib/baton
COPY --from=packages /baton/node_modules ./node_modules
COPY package.json ./
COPY collector/lens ./collector/lens
COPY services ./services
# By number, so that a runtime can check that it is not root.
USER 1000:1000
ENTRYPOINT ["node"]
