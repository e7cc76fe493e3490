// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import CCurl

extension EasyHandle {
    /// Sets every option for `transfer`, whose callbacks get it by pointer: it must outlive the request.
    func prepare(_ transfer: Transfer) {
        let request = transfer.request
        collectErrorText()
        prepareConnection(request)
        prepareTLS(request, transfer.identityContext)
        prepareMethod(request)
        set(CURLOPT_HTTPHEADER, list: ["Expect:"] + request.headers.map(headerLine))
        let context = Unmanaged.passUnretained(transfer).toOpaque()
        prepareCallbacks(context)
        prepareSocket(context)
        preparePeerCheck(context)
        if usesBlock(request) {
            set(CURLOPT_UPLOAD_BUFFERSIZE, Self.bulkBufferByteCount)
            set(CURLOPT_BUFFERSIZE, Self.bulkBufferByteCount)
        }
        if let turn = transfer.receivePace.turnByteCount {
            set(CURLOPT_BUFFERSIZE, min(turn, Self.bulkBufferByteCount))
        }
    }

    /// Text that would end a line or a C string early and so smuggle a header in.
    static func isSendable(_ request: HTTPRequest) -> Bool {
        let texts = [request.method, request.url] + request.headers.flatMap { [$0.name, $0.value] }
        return texts.allSatisfy { text in
            !text.utf8.contains { $0 == 0x0D || $0 == 0x0A || $0 == 0 }
        }
    }

    private func prepareConnection(_ request: HTTPRequest) {
        set(CURLOPT_URL, request.url)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        prepareProxy(request)
        set(CURLOPT_NOSIGNAL, 1)
        // Otherwise the loop's thread waits for a resolver that does not answer, and with it everybody's requests.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_CONNECTTIMEOUT_MS, request.limits.connect.wholeMilliseconds)
        if let total = request.limits.total, !request.isPaced {
            set(CURLOPT_TIMEOUT_MS, total.wholeMilliseconds)
        }
        if request.isSentOnce || !request.reusesConnection { set(CURLOPT_FRESH_CONNECT, 1) }
        if !request.reusesConnection { set(CURLOPT_FORBID_REUSE, 1) }
        if let connectTo = request.connectTo {
            set(CURLOPT_CONNECT_TO, list: ["::\(connectTo)"])
        }
    }

    /// PUT and POST alike are uploads with the method's name put in: so libcurl adds no content type of its own.
    private func prepareMethod(_ request: HTTPRequest) {
        let byteCount = request.body.byteCount
        if request.method == "HEAD" {
            set(CURLOPT_NOBODY, 1)
        } else if byteCount > 0 || request.method == "PUT" || request.method == "POST" {
            set(CURLOPT_UPLOAD, 1)
            set(CURLOPT_INFILESIZE_LARGE, offset: byteCount)
            set(CURLOPT_CUSTOMREQUEST, request.method)
        } else if request.method != "GET" {
            set(CURLOPT_CUSTOMREQUEST, request.method)
        }
    }

    private func headerLine(_ header: (name: String, value: String)) -> String {
        header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)"
    }

    private func usesBlock(_ request: HTTPRequest) -> Bool {
        if case .block = request.body { return true }
        if case .block = request.sink { return true }
        return false
    }

    private func prepareCallbacks(_ context: UnsafeMutableRawPointer) {
        set(CURLOPT_PRIVATE, pointer: context)
        set(CURLOPT_READDATA, pointer: context)
        set(CURLOPT_SEEKDATA, pointer: context)
        set(CURLOPT_WRITEDATA, pointer: context)
        set(CURLOPT_HEADERDATA, pointer: context)
        amfleet_easy_set_data_callback(pointer, CURLOPT_READFUNCTION) { data, size, count, context in
            guard let data, let transfer = Transfer.at(context) else { return Int(CURL_READFUNC_ABORT) }
            let buffer = UnsafeMutableRawBufferPointer(start: data, count: size * count)
            return transfer.fill(buffer) ?? Int(CURL_READFUNC_PAUSE)
        }
        amfleet_easy_set_seek_callback(pointer) { context, offset, origin in
            guard origin == 0, let transfer = Transfer.at(context), transfer.seek(to: Int(offset)) else {
                return Int32(CURL_SEEKFUNC_FAIL)
            }
            return Int32(CURL_SEEKFUNC_OK)
        }
        amfleet_easy_set_data_callback(pointer, CURLOPT_WRITEFUNCTION) { data, size, count, context in
            guard let transfer = Transfer.at(context) else { return 0 }
            return switch transfer.receive(UnsafeRawBufferPointer(start: data, count: size * count)) {
            case .taken: size * count
            case .pause: Int(CURL_WRITEFUNC_PAUSE)
            case .stop: 0
            }
        }
        amfleet_easy_set_data_callback(pointer, CURLOPT_HEADERFUNCTION) { data, size, count, context in
            guard let transfer = Transfer.at(context) else { return 0 }
            let line = UnsafeRawBufferPointer(start: data, count: size * count)
            return transfer.takeHeader(line) ? size * count : 0
        }
    }

    /// Fewer, larger calls for bodies that fill blocks (the largest that libcurl takes for the answer).
    private static let bulkBufferByteCount = 512 << 10
}

extension EasyHandle {
    /// The transfer that `prepare` was given.
    static func transfer(of pointer: UnsafeMutableRawPointer) -> Transfer? {
        var context: UnsafeMutableRawPointer?
        amfleet_easy_get_pointer(pointer, CURLINFO_PRIVATE, &context)
        return Transfer.at(context)
    }
}

extension Transfer {
    static func at(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }
}

extension Duration {
    /// At least 1: libcurl takes 0 for "no limit".
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return max(1, Int(clamping: seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}
