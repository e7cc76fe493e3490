// SPDX-License-Identifier: Apache-2.0

/// C for `LD_PRELOAD` without which stock Amanda does not write to S3 here; build it with `gcc -shared -fPIC … -ldl`.
public enum CurlShim {
    /// Amanda 3.5.1 sets `CURLOPT_POST` to 0 after `CURLOPT_UPLOAD`; libcurl from 7.87 on takes that for a GET.
    public static let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdarg.h>
        #include <stdint.h>
        int curl_easy_setopt(void *handle, int option, ...) {
            static int (*real)(void *, int, ...);
            va_list list;
            va_start(list, option);
            intptr_t value = va_arg(list, intptr_t);
            va_end(list);
            if (!real) {
                void *library = dlopen("libcurl.so.4", RTLD_LAZY);
                real = (int (*)(void *, int, ...))dlsym(library ? library : RTLD_NEXT, "curl_easy_setopt");
            }
            if (option == 47 && (int)value == 0) return 0;
            return real(handle, option, value);
        }

        """
}
