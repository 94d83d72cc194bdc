/* heap.h - the heap of a process that moves many small records between threads.
 * Role: jemalloc's settings where the program is linked with it, the system's heap kept small where not.
 * Threads: heap_init before any other is started; heap_trim from any. Errors: none. */
#ifndef CLINIC_HEAP_H
#define CLINIC_HEAP_H

void heap_init(void);
void heap_trim(void); /* give free memory back to the system: for an idle process, it costs faults afterwards */
#endif
