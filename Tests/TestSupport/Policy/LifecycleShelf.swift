// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Keeps the lifecycle configuration of a bucket, which SeaweedFS does not for rules that move objects to an archive (501).
final class LifecycleShelf: Sendable {
    private let document = Mutex<String?>(nil)

    /// The answer as S3's.
    func answer(_ method: String, _ body: [UInt8]) -> ProxyFault {
        document.withLock { document in
            switch method {
            case "PUT":
                document = String(decoding: body, as: UTF8.self)
                return .answer(status: 200)
            case "DELETE":
                document = nil
                return .answer("HTTP/1.1 204 No Content\r\n\r\n")
            default:
                return document.map { .answer(status: 200, body: $0) }
                    ?? .error(status: 404, code: "NoSuchLifecycleConfiguration")
            }
        }
    }

    var text: String { document.withLock { $0 ?? "" } }
}
