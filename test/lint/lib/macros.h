/*
 * macros.h
 *		Loops of PostgreSQL, utlist and jansson for cppcheck, which reads none
 *		of their headers.
 */
#define foreach(cell, list) for (cell = first(list); cell; cell = next(cell))
#define forboth(cell1, list1, cell2, list2) \
	for (cell1 = first(list1), cell2 = first(list2); cell1 && cell2; cell1 = next(cell1), cell2 = next(cell2))
#define DL_FOREACH(head, element) for (element = head; element; element = element->next)
#define DL_FOREACH_SAFE(head, element, following) \
	for (element = head; element && (following = element->next, 1); element = following)
#define json_object_foreach(object, key, value) \
	for (key = first(object); (value = member(object, key)); key = next(key))
#define json_array_foreach(array, index, value) \
	for (index = 0; (value = element(array, index)); index++)
