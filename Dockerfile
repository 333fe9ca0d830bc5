FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN npm ci --no-fund --no-audit && npm prune --omit=dev

FROM node:24.21.0-bookworm-slim
# For exec plugins and whatever else an image of yours adds. The program itself also knows the authorities that Node brings.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
# A bounded young generation, large enough that collecting it costs little, and a bound on the old one: 357 MB with 60 resources.
# Workflows run in a thread that is spared what only the workflows of strangers need.
ENV NODE_OPTIONS="--max-semi-space-size=16 --max-old-space-size=512 --import=/app/dist/worker/lean-workflow-thread.js"
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/examples examples
# By number, since a kubelet that must not run root can not look a name up. Any other user may run the program, too: it writes nothing.
USER 1000:1000
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["--help"]
