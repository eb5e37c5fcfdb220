# One image for all services and lens: what each of them is, its command in compose.yaml says.
# Alpine, because its shell brings the wget of the health checks; all packages are plain JavaScript.
FROM node:24.21.0-alpine AS packages
WORKDIR /baton
COPY package.json package-lock.json .npmrc ./
# Optional packages are Node itself, which is here already, and native code that has a plain form.
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
# By number, so that whoever runs it can see that it is not root.
USER 1000:1000
ENTRYPOINT ["node"]
