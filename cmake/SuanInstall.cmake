# Installs the program, the library (shared and static), headers, suan.pc and a CMake package.
include(CMakePackageConfigHelpers)

set_target_properties(suan PROPERTIES EXPORT_NAME suan)
install(TARGETS suan EXPORT suan-targets)
install(TARGETS suan_internal ARCHIVE)
install(TARGETS suan_program)
install(DIRECTORY include/suan DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY recipes DESTINATION ${CMAKE_INSTALL_DATADIR}/suan)
install(EXPORT suan-targets NAMESPACE suan:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/suan)

write_basic_package_version_file(${PROJECT_BINARY_DIR}/suan-config-version.cmake COMPATIBILITY SameMinorVersion)
file(WRITE ${PROJECT_BINARY_DIR}/suan-config.cmake "include(\"\${CMAKE_CURRENT_LIST_DIR}/suan-targets.cmake\")\n")
install(FILES ${PROJECT_BINARY_DIR}/suan-config.cmake ${PROJECT_BINARY_DIR}/suan-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/suan)

# What a static link needs. oneDNN ships no .pc file, so it is named as a library.
set(SN_PC_REQUIRES "")
set(SN_PC_LIBS "-lm -lpthread")
foreach(pair jansson:jansson pcre2:libpcre2-8 utf8proc:libutf8proc png:libpng cairo:cairo zlib:zlib libconfig:libconfig
    gmp:gmp)
  string(REPLACE ":" ";" pair ${pair})
  list(GET pair 0 name)
  list(GET pair 1 module)
  string(TOUPPER ${name} upper)
  if(SN_${upper})
    string(APPEND SN_PC_REQUIRES " ${module}")
  endif()
endforeach()
if(SN_ONEDNN)
  string(APPEND SN_PC_LIBS " -ldnnl")
endif()
if(SN_LAPACKE)
  string(APPEND SN_PC_LIBS " -llapacke") # its own .pc asks for the Fortran compiler's library too
endif()
if(SN_FLINT)
  string(APPEND SN_PC_LIBS " -lflint -lmpfr -lgmp")
endif()
if(OpenMP_C_FOUND AND NOT SN_PTHREAD_TEAM)
  string(APPEND SN_PC_LIBS " -lgomp")
endif()
# Relative to the file itself, so that an installed tree can lie anywhere.
file(RELATIVE_PATH SN_PC_PREFIX "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
configure_file(cmake/suan.pc.in ${PROJECT_BINARY_DIR}/suan.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/suan.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
