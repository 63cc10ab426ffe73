/*
 * harness.h
 *		Entry points of a harness, called by libFuzzer or replay.c
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stddef.h>
#include <stdint.h>

extern int	LLVMFuzzerInitialize(int *argc, char ***argv);
extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif							/* HARNESS_H */
