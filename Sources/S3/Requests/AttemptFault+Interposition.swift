// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import LogOutput

extension AttemptFault {
    /// A success that something between the store and here has made, or made over; nil: nothing shows that.
    ///
    /// A portal answers everything with status 200 and a page of its own, which S3 never does without an entity tag: its
    /// documents are XML, its objects have a tag. What a proxy has packed is not the bytes that the store's checksums are of,
    /// and nobody here has asked for that.
    static func interposition(_ response: HTTPResponse) -> AttemptFault? {
        guard (200..<300).contains(response.status) else { return nil }
        let reason: String
        if response.header("etag") == nil, response.header("content-type").map(isPage) == true {
            reason = "a page came in place of the store's answer"
        } else if let coding = response.header("content-encoding").map(Self.coding),
            !unpacked.contains(coding)
        {
            reason = "a proxy has packed what the store gave (Content-Encoding: \(coding.forLog))"
        } else {
            return nil
        }
        return .interposed(reason: reason, words: StoreWords(response, error: nil))
    }

    private static func isPage(_ type: String) -> Bool {
        let type = type.lowercased()
        return type.hasPrefix("text/html") || type.hasPrefix("application/xhtml")
    }

    private static func coding(_ header: String) -> String {
        header.lowercased().split(separator: ",").map { $0.drop { $0 == " " } }.last.map(String.init) ?? ""
    }

    /// S3's own name for a body in signed chunks may come back with an object.
    private static let unpacked: Set = ["", "identity", "aws-chunked"]
}
