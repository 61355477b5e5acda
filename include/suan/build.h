/* What this build of suan is and what it found on this machine. */
#ifndef SUAN_BUILD_H
#define SUAN_BUILD_H

#include "suan/status.h"

#ifdef __cplusplus
extern "C" {
#endif

SN_API const char *sn_build_version(void);
SN_API const char *sn_build_isa(void);       /* the instruction-set level in use: "generic" ... "amx" */
SN_API int sn_build_threads(void);           /* threads used where 0 is given: one per core */
SN_API const char *sn_build_libraries(void); /* optional libraries built in, separated by blanks */

#ifdef __cplusplus
}
#endif
#endif
