/*
 * A bad line for kernels without netem: takes packets of an NFQUEUE, delays, reorders and loses them.
 *
 *   impair QUEUE DELAY_MS JITTER_MS LOSS_PERCENT BURST SEED [KBIT_PER_S QUEUE_MS]
 *
 * Each packet is delayed by DELAY_MS and up to JITTER_MS more, uniformly, so packets may overtake each other. A loss
 * takes BURST packets on average (Gilbert's model). With a rate, packets first wait until those before them have left, for
 * QUEUE_MS at most, or they are lost. Ends on SIGTERM: what waits then passes at once.
 *
 *   gcc -O2 impair.c -o impair -lnetfilter_queue -lnfnetlink
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include <libnfnetlink/libnfnetlink.h>
#include <libnetfilter_queue/libnetfilter_queue.h>

#define CAPACITY 4096

static struct {
  double at;
  uint32_t id;
} waiting[CAPACITY];
static int count;
static double delay_ms, jitter_ms, loss, burst;
static double bits_per_ms, queue_ms, free_at;
static int bad;
static long seen, lost;
static volatile sig_atomic_t stopped;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* Sorted, the next one last: few packets wait at a time. */
static void hold(double at, uint32_t id) {
  int i = count++;
  for (; i > 0 && waiting[i - 1].at < at; i--) waiting[i] = waiting[i - 1];
  waiting[i].at = at;
  waiting[i].id = id;
}

static int take(struct nfq_q_handle *queue, struct nfgenmsg *message, struct nfq_data *data, void *user) {
  (void)message;
  (void)user;
  uint32_t id = ntohl(nfq_get_msg_packet_hdr(data)->packet_id);
  double dice = drand48();
  seen++;
  bad = bad && burst > 1 ? dice >= 1 / burst : dice < loss / (1 - loss) / burst;
  if (bad) {
    lost++;
    return nfq_set_verdict(queue, id, NF_DROP, 0, NULL);
  }
  double leaves = now();
  if (bits_per_ms > 0) {
    unsigned char *ip;
    int copied = nfq_get_payload(data, &ip);
    int bytes = copied >= 4 ? (ip[2] << 8 | ip[3]) : 1200;
    double begins = free_at > leaves ? free_at : leaves;
    if (begins - leaves > queue_ms) {
      lost++;
      return nfq_set_verdict(queue, id, NF_DROP, 0, NULL);
    }
    leaves = free_at = begins + bytes * 8 / bits_per_ms;
  }
  if (count == CAPACITY) return nfq_set_verdict(queue, id, NF_ACCEPT, 0, NULL);
  hold(leaves + delay_ms + drand48() * jitter_ms, id);
  return 0;
}

static void stop(int signal) {
  (void)signal;
  stopped = 1;
}

int main(int argc, char **argv) {
  if (argc != 7 && argc != 9) {
    fprintf(stderr, "impair QUEUE DELAY_MS JITTER_MS LOSS_PERCENT BURST SEED [KBIT_PER_S QUEUE_MS]\n");
    return 2;
  }
  delay_ms = atof(argv[2]);
  jitter_ms = atof(argv[3]);
  loss = atof(argv[4]) / 100;
  burst = atof(argv[5]);
  srand48(atol(argv[6]));
  if (argc == 9) {
    bits_per_ms = atof(argv[7]);
    queue_ms = atof(argv[8]);
  }
  signal(SIGTERM, stop);
  signal(SIGINT, stop);
  struct nfq_handle *handle = nfq_open();
  if (handle == NULL) {
    perror("nfq_open");
    return 1;
  }
  struct nfq_q_handle *queue = nfq_create_queue(handle, atoi(argv[1]), take, NULL);
  if (queue == NULL) {
    perror("nfq_create_queue");
    return 1;
  }
  nfq_set_mode(queue, NFQNL_COPY_PACKET, 20);
  int fd = nfq_fd(handle);
  static char buffer[65536] __attribute__((aligned(8)));
  printf("ready\n");
  fflush(stdout);
  while (!stopped) {
    while (count > 0 && waiting[count - 1].at <= now()) nfq_set_verdict(queue, waiting[--count].id, NF_ACCEPT, 0, NULL);
    double left = count > 0 ? waiting[count - 1].at - now() : 200;
    if (left < 0) left = 0;
    struct timespec timeout = {(time_t)(left / 1000), (long)(left * 1e6) % 1000000000L};
    struct pollfd ready = {fd, POLLIN, 0};
    if (ppoll(&ready, 1, &timeout, NULL) <= 0) continue;
    ssize_t size;
    while ((size = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0) nfq_handle_packet(handle, buffer, (int)size);
  }
  while (count > 0) nfq_set_verdict(queue, waiting[--count].id, NF_ACCEPT, 0, NULL);
  printf("%ld packets, %ld lost\n", seen, lost);
  nfq_destroy_queue(queue);
  nfq_close(handle);
  return 0;
}
