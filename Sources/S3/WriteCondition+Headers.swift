// SPDX-License-Identifier: Apache-2.0

import HTTPTransport

extension WriteCondition {
    var headers: [(name: String, value: String)] {
        switch self {
        case .none: []
        case .ifAbsent: [("if-none-match", "*")]
        case .ifMatch(let etag): [("if-match", "\"\(etag)\"")]
        }
    }
}

extension S3ObjectVersion {
    init(_ response: HTTPResponse) {
        self.init(etag: response.entityTag ?? "", isWeak: response.header("etag")?.hasPrefix("W/") == true)
    }
}
