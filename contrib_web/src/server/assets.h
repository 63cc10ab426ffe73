/*
 * assets.h
 *		The files that are built into the program (embed.sh makes them).
 */
#ifndef ASSETS_H
#define ASSETS_H

typedef struct Asset
{
	const char *path;			/* below contrib_web */
	const char *hash;			/* of its content */
	const unsigned char *data,
			   *end;
	const unsigned char *packed,
			   *packed_end;		/* by gzip; the same address where that does not pay */
} Asset;

extern const Asset assets[];	/* ends with path NULL */

#endif							/* ASSETS_H */
