#pragma once
#include <libpq-fe.h>

// What waits for libpq's sockets. Glibc's own module map leaves these two headers out.
#include <sys/epoll.h>
#include <sys/eventfd.h>
