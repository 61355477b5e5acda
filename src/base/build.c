#include "suan/build.h"

#include "base/cpu.h"

const char *sn_build_version(void) { return SN_VERSION; }
const char *sn_build_isa(void) { return sn_isa_name(sn_cpu_isa()); }
int sn_build_threads(void) { return sn_cpu_count(); }

const char *sn_build_libraries(void) {
    return ""
#ifdef SN_HAVE_ONEDNN
           "onednn "
#endif
#ifdef SN_HAVE_JANSSON
           "jansson "
#endif
#ifdef SN_HAVE_PCRE2
           "pcre2 "
#endif
#ifdef SN_HAVE_UTF8PROC
           "utf8proc "
#endif
#ifdef SN_HAVE_PNG
           "png "
#endif
#ifdef SN_HAVE_CAIRO
           "cairo "
#endif
#ifdef SN_HAVE_ZLIB
           "zlib "
#endif
#ifdef SN_HAVE_LIBCONFIG
           "libconfig "
#endif
#ifdef SN_HAVE_GMP
           "gmp "
#endif
#ifdef SN_HAVE_LAPACKE
           "lapacke "
#endif
#ifdef SN_HAVE_FLINT
           "flint "
#endif
#ifdef _OPENMP
           "openmp"
#else
           "pthreads"
#endif
        ;
}
