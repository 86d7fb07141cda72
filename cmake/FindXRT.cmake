# SPDX-License-Identifier: Apache-2.0
# Stock XRT: target XRT::core. The package's own pkg-config file names a wrong include path and links libxrt_core, which raises
# "Multiple instances" beside the emulation's shim.
find_path(XRT_INCLUDE_DIR xrt/xrt_device.h PATH_SUFFIXES xrt)
find_library(XRT_COREUTIL_LIBRARY xrt_coreutil)
find_library(XRT_UUID_LIBRARY uuid)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(XRT REQUIRED_VARS XRT_INCLUDE_DIR XRT_COREUTIL_LIBRARY XRT_UUID_LIBRARY)
if(XRT_FOUND AND NOT TARGET XRT::core)
  add_library(XRT::core INTERFACE IMPORTED)
  set_target_properties(XRT::core PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${XRT_INCLUDE_DIR}"
                        INTERFACE_LINK_LIBRARIES "${XRT_COREUTIL_LIBRARY};${XRT_UUID_LIBRARY}")
endif()
