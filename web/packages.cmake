# cmake -DNPM= -DSOURCE= -DBINARY= -P packages.cmake: the page's npm packages, into the build folder.
foreach(file package.json package-lock.json .npmrc)
  file(COPY ${SOURCE}/${file} DESTINATION ${BINARY})
endforeach()
execute_process(
  COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
  WORKING_DIRECTORY ${BINARY}
  RESULT_VARIABLE result ERROR_VARIABLE errors OUTPUT_QUIET)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "npm could not install the page's packages (web/package-lock.json):\n${errors}\n"
                      "Is the network there? Without it give a page built elsewhere with "
                      "-DHEARTH_WEB_DIST=DIR.")
endif()
file(TOUCH ${BINARY}/packages.stamp)
