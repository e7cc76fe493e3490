// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
public import AmandaFormat
public import Sealing

/// What `amfleetd bootstrap` is asked for.
public struct BootstrapOrder: Sendable {
    /// The old name, under which everything lies in the bucket.
    public var node: String
    public var storage: StorageAddress
    /// nil: the one whose dumps hold the Amanda directory.
    public var configuration: String?
    /// No run after it; nil: the newest.
    public var time: Datestamp?
    public var amandaDirectory = AgentSettings.defaultAmandaDirectory
    public var stateDirectory = AgentSettings.defaultStateDirectory
    /// Shared credentials file that comes before every other source; nil: the environment, the shared file, the instance.
    public var credentialsFile: String?
    /// CA file of an `https` endpoint.
    public var storageAuthority: String?
    /// Opens what is sealed; nil: it is listed and left out.
    public var recoveryKey: RecoveryKey?
    /// Where that was read, and its passphrase: for the next commands.
    public var recoveryKeyFile: String?
    public var passphraseFile: String?
    /// Pins the authorities whose nodes are believed; nil: a bare key, or none.
    public var kit: RecoveryKit?
    /// Write over what is there.
    public var overwrites = false
    /// Put keys back also where others lie.
    public var overwritesKeys = false
    /// Sealed files that are put back wherever they lay.
    public var acceptedKeys: [String] = []
    public var acceptsSecurityFile = false
    /// Give disks of host names that are not this machine's to `localhost`.
    public var adopts = false
    /// Only say what would be done.
    public var isDryRun = false

    public init(node: String, storage: StorageAddress) {
        self.node = node
        self.storage = storage
    }
}
