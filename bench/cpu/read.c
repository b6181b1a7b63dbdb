/*
 * The floor of decoding: how fast the cores can read memory that fits no cache. Prints GB/s of the
 * fastest of five passes over 1 GiB, split over the given number of threads.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TOTAL_BYTES (1L << 30)
#define PASSES 5
#define MAX_THREADS 256

typedef struct {
    const uint64_t *from;
    long count;
    uint64_t sum;
} Part;

static void *read_part(void *argument) {
    Part *part = argument;
    uint64_t sums[8] = {0};
    for (long i = 0; i + 8 <= part->count; i += 8)
        for (int lane = 0; lane < 8; lane++)
            sums[lane] += part->from[i + lane];
    for (int lane = 0; lane < 8; lane++)
        part->sum += sums[lane];
    return NULL;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    if (threads < 1 || threads > MAX_THREADS)
        return 1;
    uint64_t *memory = aligned_alloc(1 << 21, TOTAL_BYTES);
    if (memory == NULL)
        return 1;
    memset(memory, 1, TOTAL_BYTES);
    double best = 0;
    uint64_t sum = 0;
    for (int pass = 0; pass < PASSES; pass++) {
        pthread_t ids[MAX_THREADS];
        Part parts[MAX_THREADS];
        long share = TOTAL_BYTES / 8 / threads;
        double start = seconds();
        for (int i = 0; i < threads; i++) {
            parts[i] = (Part){memory + i * share, share, 0};
            pthread_create(&ids[i], NULL, read_part, &parts[i]);
        }
        for (int i = 0; i < threads; i++) {
            pthread_join(ids[i], NULL);
            sum += parts[i].sum;
        }
        double rate = TOTAL_BYTES / (seconds() - start) / 1e9;
        if (rate > best)
            best = rate;
    }
    fprintf(stderr, "sum=%llu\n", (unsigned long long)sum);
    printf("%.2f\n", best);
    return 0;
}
