// SPDX-License-Identifier: Apache-2.0

@_exported public import Faults

/// What can be wrong with sealed files once their envelope is open, or before it is closed.
public enum SealedBundleError: Fault, Hashable {
    /// A path that is not absolute, or leads elsewhere than it says.
    case unusablePath(String)
    /// Rights or an owner that no file of ours has.
    case unusableOwner(path: String)
    case duplicate(path: String)
    case tooLong(byteCount: Int)
    case tooMany(count: Int)
    /// What was signed is not the archive that it should be.
    case damaged(reason: String)
    /// Signed by somebody, or saying that it is somebody's, other than it should be.
    case ofAnother(found: String, expected: String)
    /// Sealed by another run than its place in the bucket says.
    case ofAnotherRun(found: String, key: String)
    /// Of another cluster with the same name.
    case ofAnotherCluster(found: String, expected: String)
    /// Signed by somebody in whom none of the authorities believes.
    case foreignSigner(subject: String)

    public var kind: FaultKind {
        switch self {
        case .damaged: .damaged
        case .ofAnother, .ofAnotherRun, .ofAnotherCluster, .foreignSigner: .authentication
        case .unusablePath, .unusableOwner, .duplicate, .tooLong, .tooMany: .failed
        }
    }

    public var facts: String {
        switch self {
        case .unusablePath(let path): "'\(path)' is no path that a file can be sealed by"
        case .unusableOwner(let path): "'\(path)' has rights or an owner that no sealed file can have"
        case .duplicate(let path): "'\(path)' is there twice"
        case .tooLong(let byteCount):
            "the files that are to be sealed have \(byteCount) bytes, more than \(SealedBundle.byteCountLimit)"
        case .tooMany(let count):
            "\(count) files are to be sealed, more than \(SealedBundle.fileCountLimit)"
        case .damaged(let reason): "the sealed files are not as they were written: \(reason)"
        case .ofAnother(let found, let expected):
            "the sealed files are those of '\(found)', not of '\(expected)'"
        case .ofAnotherRun(let found, let key): "what lies at '\(key)' was sealed as '\(found)'"
        case .ofAnotherCluster(let found, let expected):
            "the sealed files are those of cluster id '\(found)', not of '\(expected)'"
        case .foreignSigner(let subject):
            "the sealed files are signed by \(subject), whom none of the cluster's authorities has certified"
        }
    }

    public var hint: String? {
        switch self {
        case .ofAnotherCluster:
            "name the bucket and prefix of the cluster that is meant; where its coordinator was founded anew, write the cluster id of the "
                + "kit into cluster.json as \"clusterID\". Nothing of them is used."
        case .ofAnother, .ofAnotherRun, .foreignSigner:
            "somebody else has put them into the bucket; nothing of them is used."
        default: nil
        }
    }
}
