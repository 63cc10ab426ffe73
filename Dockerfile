# PostgreSQL with the extension, preloaded and created in POSTGRES_DB:
#
#	docker build --build-arg PG_MAJOR=17 -t postgres-locking .
#	docker run -e POSTGRES_PASSWORD=... postgres-locking
#
# No test builds this image.

ARG PG_MAJOR=17

FROM postgres:${PG_MAJOR}-bookworm AS build
ARG PG_MAJOR
RUN apt-get update \
	&& apt-get install -y --no-install-recommends gcc libc6-dev make postgresql-server-dev-${PG_MAJOR}
COPY . /locking
RUN make -C /locking with_llvm=no && make -C /locking with_llvm=no install DESTDIR=/staged

FROM postgres:${PG_MAJOR}-bookworm
COPY --from=build /staged/ /
RUN echo 'CREATE EXTENSION locking;' >/docker-entrypoint-initdb.d/locking.sql
CMD ["postgres", "-c", "shared_preload_libraries=locking"]
