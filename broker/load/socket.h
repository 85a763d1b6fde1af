/* socket.h - the kernel as a peer needs it: one UDP socket connected to the server, whole bursts at a time, arrivals by
 * the kernel's own stamp, so that what is measured does not hang on how busy we are.
 *
 * For one thread: it receives into one static buffer. */
#pragma once

#include "base/address.h"
#include "base/status.h"

enum status socket_open(const struct address *server, int *fd);
uint64_t socket_mono_ns(void); /* CLOCK_MONOTONIC */
int64_t socket_real_minus_mono_ns(void);

enum status socket_send(int fd, struct bytes datagram);
/* Datagrams side by side, stride apart. Returns how many the kernel took. */
size_t socket_send_burst(int fd, uint8_t *at, size_t stride, const size_t *lens, size_t count);
/* Each datagram that waits, with its arrival on the monotonic clock; it may be changed. */
void socket_receive(int fd, int64_t real_minus_mono_ns,
                    void (*take)(void *context, uint64_t at_ns, uint8_t *datagram, size_t len), void *context);
/* How many datagrams it had no room for. */
uint64_t socket_drops(int fd);
