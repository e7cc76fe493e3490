// SPDX-License-Identifier: Apache-2.0

import CCurl
import Descriptors
import Glibc

extension EasyHandle {
    /// Opens libcurl's sockets itself: libcurl tells neither when a name has been looked up nor why there is no socket.
    func prepareSocket(_ context: UnsafeMutableRawPointer) {
        set(CURLOPT_OPENSOCKETDATA, pointer: context)
        amfleet_easy_set_socket_callback(pointer) { context, _, address in
            guard let transfer = Transfer.at(context), let address else { return -1 }
            let kind = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
            let descriptor = socket(address.pointee.family, kind, address.pointee.protocol)
            let error = errno
            transfer.lookedUp()
            transfer.socketNumber = descriptor
            if descriptor < 0, SystemReason.isShortage(error) { transfer.shortage = error }
            return descriptor
        }
    }
}

extension HTTPTransportError {
    /// What this process lacks, where that is why there is no connection; nil: something else is.
    ///
    /// libcurl names the reason for some files alone, and has one code for a name without an address and for a look-up that could
    /// not begin. There the kernel is asked whether anything could be opened now.
    static func shortage(_ code: CURLcode, of transfer: Transfer, text: String) -> HTTPTransportError? {
        guard transfer.easy?.isConnected != true else { return nil }
        func named(_ number: Int32) -> HTTPTransportError {
            .shortage(url: transfer.request.url, number: number)
        }
        if let number = transfer.shortage ?? SystemReason.shortage(in: text) { return named(number) }
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
            CURLE_FAILED_INIT,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CONNECT_ERROR:
            return DescriptorLimit.isReached ? named(EMFILE) : nil
        case CURLE_OUT_OF_MEMORY:
            return named(DescriptorLimit.isReached ? EMFILE : ENOMEM)
        default:
            return nil
        }
    }
}
