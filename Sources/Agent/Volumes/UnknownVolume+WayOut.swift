// SPDX-License-Identifier: Apache-2.0

import HiddenCharacters
import Planning

extension UnknownVolume {
    /// What frees its slot, as a command. A slot in a bucket is empty without its label; stock Amanda's `amlabel` writes to no bucket
    /// with a libcurl of 7.87 or newer.
    ///
    /// - Parameters:
    ///   - configuration: that the slot is one of.
    ///   - endpoint: of a bucket's store, `http://HOST:PORT`; nil: AWS.
    func wayOut(of configuration: String, at endpoint: String?) -> String {
        let bucket = "s3:"
        guard slot.hasPrefix(bucket) else {
            let command = "amlabel -f \(configuration.shellWord) \(label.shellWord) slot N"
            return "if nothing of it is wanted, '\(command)' frees it."
        }
        let object = "s3://\(slot.dropFirst(bucket.count))special-tapestart"
        let place = endpoint.map { "--endpoint-url \($0.shellWord) " } ?? ""
        return "if nothing of it is wanted, take its label away, and the slot is empty: "
            + "'aws s3 rm \(place)\(object.shellWord)', with this node's credentials."
    }
}
