/* banned: functions that are a bug in waiting do not compile here. */
#ifndef KJOB_BASE_BANNED_H
#define KJOB_BASE_BANNED_H

#include <stdio.h>
#include <string.h>
#include <time.h>

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef strtok
#undef gmtime
#undef localtime
#undef ctime
#undef asctime
#undef atoi
#undef atol

#define strcpy(a, b) use_of_banned_strcpy
#define strcat(a, b) use_of_banned_strcat
#define strncpy(a, b, c) use_of_banned_strncpy
#define strncat(a, b, c) use_of_banned_strncat
#define sprintf(...) use_of_banned_sprintf
#define vsprintf(...) use_of_banned_vsprintf
#define strtok(a, b) use_of_banned_strtok
#define gmtime(a) use_of_banned_gmtime
#define localtime(a) use_of_banned_localtime
#define ctime(a) use_of_banned_ctime
#define asctime(a) use_of_banned_asctime
#define atoi(a) use_of_banned_atoi
#define atol(a) use_of_banned_atol

#endif
