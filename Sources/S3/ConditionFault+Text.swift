// SPDX-License-Identifier: Apache-2.0

extension ConditionFault {
    /// What the store does, after its name.
    public var text: String {
        switch self {
        case .refused(let said): "takes no conditional writes (\(said))"
        case .ignored: "ignores conditional writes"
        case .unmet: "says that an object is there which is not (412 to If-None-Match)"
        case .entityTag(""): "gives no entity tags (ETag), so that nothing can be written on condition"
        case .entityTag(let tag) where tag.hasPrefix("W/"):
            "gives weak entity tags (\(tag)), which If-Match never meets"
        case .entityTag(let tag):
            "calls an object changed that nobody has changed: it does not meet its own entity tag (\(tag)) in If-Match"
        }
    }

    /// What makes the store able to.
    public var remedy: String {
        switch self {
        case .refused, .ignored, .unmet:
            "use a store that answers If-None-Match with 412; a proxy that takes the header away has the same effect."
        case .entityTag:
            "lead storage.endpoint past whatever changes ETag on the way (a proxy that compresses answers does), or have it pass ETag on unchanged."
        }
    }
}
