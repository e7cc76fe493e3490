// SPDX-License-Identifier: Apache-2.0

import CCurl
import Glibc

/// One libcurl easy handle with what it borrows: lists and error text. Freed exactly once.
///
/// Ownership: the loop's thread only.
final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var lists: [UnsafeMutablePointer<curl_slist>] = []

    init?() {
        guard let pointer = curl_easy_init() else { return nil }
        self.pointer = pointer
        errorText.pointee = 0
    }

    deinit {
        curl_easy_cleanup(pointer)
        freeLists()
        errorText.deallocate()
    }

    /// libcurl's words about what went wrong last; empty if it said nothing.
    var message: String { String(cString: errorText) }

    /// Bytes that went over the connection in either direction, headers of the answer not counted.
    var movedByteCount: Int64 {
        number(CURLINFO_SIZE_UPLOAD_T) + number(CURLINFO_SIZE_DOWNLOAD_T)
    }

    /// The connection, TLS included, stands and the request has been begun.
    var isConnected: Bool { number(CURLINFO_PRETRANSFER_TIME_T) > 0 }

    func reset() {
        curl_easy_reset(pointer)
        freeLists()
        errorText.pointee = 0
    }

    func set(_ option: CURLoption, _ value: Int) {
        amfleet_easy_set_long(pointer, option, value)
    }

    func set(_ option: CURLoption, offset value: Int) {
        amfleet_easy_set_offset(pointer, option, curl_off_t(value))
    }

    /// libcurl copies the text.
    func set(_ option: CURLoption, _ value: String?) {
        amfleet_easy_set_string(pointer, option, value)
    }

    func set(_ option: CURLoption, pointer value: UnsafeMutableRawPointer?) {
        amfleet_easy_set_pointer(pointer, option, value)
    }

    /// Hands over a list that lives until the next `reset`.
    func set(_ option: CURLoption, list lines: [String]) {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            list = curl_slist_append(list, line)
        }
        guard let list else { return }
        lists.append(list)
        amfleet_easy_set_list(pointer, option, list)
    }

    func collectErrorText() {
        amfleet_easy_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorText)
    }

    private func number(_ info: CURLINFO) -> Int64 {
        var value: curl_off_t = 0
        amfleet_easy_get_offset(pointer, info, &value)
        return Int64(value)
    }

    private func freeLists() {
        for list in lists {
            curl_slist_free_all(list)
        }
        lists = []
    }
}
