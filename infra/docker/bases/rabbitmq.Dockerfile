# Hace de rabbitmq:4-management, con el RabbitMQ de Debian.
ARG DEBIAN
FROM ${DEBIAN}
RUN echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/rapido \
 && printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d \
 && groupadd --system --gid 999 rabbitmq \
 && useradd --system --uid 999 --gid 999 --home-dir /var/lib/rabbitmq rabbitmq \
 && apt-get update -qq \
 && apt-get install -qq -y --no-install-recommends rabbitmq-server >/dev/null \
 && rm -rf /var/lib/apt/lists/* /var/lib/rabbitmq/* /var/lib/rabbitmq/.erlang.cookie /etc/rabbitmq/rabbitmq-env.conf \
 && install -d -o rabbitmq -g rabbitmq -m 1777 /var/lib/rabbitmq /etc/rabbitmq/conf.d
# Los guiones de /usr/sbin cambian de usuario y pierden las variables.
ENV PATH=/usr/lib/rabbitmq/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin RABBITMQ_DATA_DIR=/var/lib/rabbitmq HOME=/var/lib/rabbitmq LANG=C.UTF-8
VOLUME /var/lib/rabbitmq
COPY entrada-rabbitmq.sh /usr/local/bin/docker-entrypoint.sh
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["rabbitmq-server"]
