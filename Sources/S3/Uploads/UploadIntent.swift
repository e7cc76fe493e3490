// SPDX-License-Identifier: Apache-2.0

/// The wish to begin an upload, written down before the store is asked: where the answer is lost, or the agent ends before it
/// comes, the upload is open all the same, and nobody knows its id.
public struct UploadIntent: Sendable, Hashable {
    /// The bucket.
    public let bucket: String

    /// The object's key.
    public let key: String

    /// Before the store was asked, in seconds since 1970 by the store's clock.
    let since: Int64

    /// We know the store's clock to half a second, the way of its answer makes that older, and it may date an upload to the whole second.
    private static let clockMargin: Int64 = 2

    /// Whether `listed` may have come of this: at exactly this key, and not begun before.
    func covers(_ listed: ListedUpload) -> Bool {
        guard listed.key == key, let initiated = listed.initiated else { return false }
        return initiated >= since - Self.clockMargin
    }
}

/// What a journal says of the uploads at one key.
public struct UploadClaims: Sendable {
    /// Known uploads, which somebody will end.
    let ids: Set<String>

    /// What may have become an upload of unknown id.
    let intents: [UploadIntent]

    /// Whether `listed` is known, or may be a later attempt's, which is perhaps about to use it.
    func keep(_ listed: ListedUpload, from intent: UploadIntent) -> Bool {
        if ids.contains(listed.id) { return true }
        return intents.contains { $0 != intent && $0.since >= intent.since && $0.covers(listed) }
    }
}
