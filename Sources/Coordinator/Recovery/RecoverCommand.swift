// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
import BlockingWork
import Certificates
import Descriptors
import Files
import FoundationEssentials
import HTTPTransport
import HiddenCharacters
public import Logging
import S3
import Sealing

/// `amfleet recover`: the coordinator again, on an empty machine, out of the bucket and the recovery key alone.
///
/// What lies in the bucket is a claim: it counts where a coordinator has signed it whom an authority has certified that the kit names, or
/// one that followed from it. A bare key names none: then the fingerprint is told, for the operator to compare.
public struct RecoverCommand: Sendable {
    /// What the command line says; what it leaves out, the kit says.
    public struct Options: Sendable {
        public var place: StorageURL
        public var region: String?
        public var endpoint: String?
        public var addressing: StorageAddress.Addressing?
        /// CA certificates for the store's https.
        public var storageAuthority: String?
        public var credentialsFile: String?
        public var directory: String
        /// Believe what a certificate has signed that was taken back since.
        public var acceptsRevokedSigner: Bool

        public init(
            place: StorageURL, region: String? = nil, endpoint: String? = nil,
            addressing: StorageAddress.Addressing? = nil, storageAuthority: String? = nil,
            credentialsFile: String? = nil, directory: String = ".", acceptsRevokedSigner: Bool = false
        ) {
            self.place = place
            self.region = region
            self.endpoint = endpoint
            self.addressing = addressing
            self.storageAuthority = storageAuthority
            self.credentialsFile = credentialsFile
            self.directory = directory
            self.acceptsRevokedSigner = acceptsRevokedSigner
        }
    }

    let options: Options
    let key: RecoveryKeyFile
    let logger: Logger

    public init(_ options: Options, key: RecoveryKeyFile, logger: Logger) {
        self.options = options
        self.key = key
        self.logger = logger
    }

    /// Run again after whatever cut it short: what is there and right stays.
    ///
    /// - Throws: before anything is written, what keeps the coordinator from coming back.
    public func run() async throws -> RecoverReport {
        let opened = try await key.open()
        let transport = try HTTPTransport(
            connectionCount: 32, descriptorCount: DescriptorLimit.current - 64)
        do {
            let report = try await recover(opened, transport)
            await transport.shutdown()
            return report
        } catch {
            await transport.shutdown()
            throw hinted(error, opened.kit)
        }
    }

    /// There is no cluster.json yet that a hint could name.
    private func hinted(_ error: any Error, _ kit: RecoveryKit?) -> any Error {
        guard let error = error as? S3Error else { return error }
        var fault = WireError(of: error)
        if case .noCredentials = error {
            fault.hint =
                "name a file with '--credentials-file', or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: the kit has none."
            return fault
        }
        if case .untrusted(_, reason: _, isOurs: false) = error {
            fault.hint =
                "name with '--storage-authority FILE' the PEM file of the authority that issued the store's certificate; a store that "
                + "speaks plain http is named with '--endpoint http://HOST:PORT'."
            return fault
        }
        guard case .unreachable = error else { return error }
        fault.hint =
            (options.endpoint ?? kit?.endpoint) == nil
            ? "a store that is not AWS is named with '--endpoint', as the recovery kit has it; a key alone does not say it."
            : "if the store has moved since the kit was printed, name it with '--endpoint'; else see that it runs, and the network "
                + "between here and there."
        return fault
    }

    private func recover(
        _ opened: RecoveryKeyFile.Opened, _ transport: HTTPTransport
    ) async throws -> RecoverReport {
        let storage = ClusterSettings.Storage(
            address: address(opened.kit), credentialsFile: options.credentialsFile,
            authority: options.storageAuthority)
        let store = try CoordinatorStore(
            storage, resolve: { $0 }, transport: transport, logger: logger)
        let bucket = store.impatientBucket
        let identity = try await identity(bucket, opened.kit)
        let sealed = try await SealedCoordinator(bucket, opened.key, place: options.place, identity)
        let trust = try await sealed.judged(
            by: opened.kit, identity.known, bucket, acceptsRevokedSigner: options.acceptsRevokedSigner)
        let rebuilt = try RebuiltCoordinator(sealed.bundle, given: options)
        let written = try await runBlocking("recover") { [directory = options.directory] in
            try rebuilt.write(into: directory)
        }
        var report = RecoverReport(
            cluster: sealed.bundle.manifest.cluster, clusterID: sealed.bundle.manifest.clusterID,
            directory: options.directory, sealedAt: sealed.bundle.manifest.sealedAt, written: written,
            credentials: try await store.credentials.credentials().origin, trust: trust, rebuilt: rebuilt,
            others: try await SecondCoordinator.signs(in: bucket), recoveryKey: try await keyPath())
        report.remarks = [
            identity.remark, (bucket.client.clockOffset?.inSeconds).flatMap(Self.clockRemark),
        ].compactMap(\.self)
        report.storeFault = try await storeFault(rebuilt.settings.storage, transport)
        return report
    }

    /// Why the commands that come next would not get to the store, by what `cluster.json` says now; nil: they do.
    ///
    /// What was sealed may be of long ago: keys that were changed since, a store that has moved.
    private func storeFault(
        _ rebuilt: ClusterSettings.Storage, _ transport: HTTPTransport
    ) async throws -> WireError? {
        do {
            let store = try CoordinatorStore(
                rebuilt, resolve: written, transport: transport, logger: logger)
            let bucket = store.impatientBucket
            _ = try await bucket.object(
                bucket.layout.coordinatorSecrets, limit: CoordinatorSealing.objectLimit)
            return nil
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            var fault = WireError(of: error)
            fault.hint = mend(of: fault, rebuilt) ?? fault.hint
            return fault
        }
    }

    /// New machines have any clock, and the next commands make certificates by it.
    ///
    /// - Parameter offset: the store's clock minus ours, in seconds.
    static func clockRemark(_ offset: Double) -> String? {
        guard abs(offset) > greatestClockOffset else { return nil }
        return
            "this machine's clock is \(Quantity.duration(seconds: abs(offset))) \(offset < 0 ? "ahead of" : "behind") the store's: "
            + "set it before you go on, nodes refuse certificates that are made by a wrong one"
    }

    /// More than networks explain, in seconds.
    private static let greatestClockOffset: Double = 60

    /// A path of the new `cluster.json`, from where the command was called.
    private func written(_ path: String) -> String {
        path.hasPrefix("/") || options.directory == "." ? path : "\(options.directory)/\(path)"
    }

    private func mend(of fault: WireError, _ rebuilt: ClusterSettings.Storage) -> String? {
        switch fault.kind {
        case .storageUnreachable: "correct 'storage' in \(written("cluster.json"))."
        case .storageRefused, .authentication, .configuration:
            rebuilt.credentialsFile.map(written).map { file in
                options.credentialsFile.map {
                    "'cp \($0.shellWord) \(file.shellWord)' puts the credentials there that worked just now."
                } ?? "\(file) is as it was sealed: write credentials into it that count now."
            }
        default: nil
        }
    }

    /// Such that it names the file from the directory that is written into, too.
    private func keyPath() async throws -> String {
        guard options.directory != "." else { return key.path }
        return try await runBlocking("recover") { [path = key.path] in CoordinatorFiles.absolute(path) }
    }

    private func address(_ kit: RecoveryKit?) -> StorageAddress {
        StorageAddress(
            bucket: options.place.bucket, prefix: options.place.prefix,
            region: options.region ?? kit?.region ?? "us-east-1", endpoint: options.endpoint ?? kit?.endpoint,
            addressing: options.addressing ?? kit?.addressing)
    }

    /// Whose the prefix is. A mark that is gone or damaged keeps nothing back: what is sealed says it too, and is signed.
    private func identity(_ bucket: ClusterBucket, _ kit: RecoveryKit?) async throws -> PrefixOwner {
        let found: ClusterIdentity
        do {
            guard let stored = try await bucket.read(ClusterIdentity.self, bucket.layout.cluster) else {
                return .unmarked
            }
            found = stored.value
        } catch let error as WireJSONError {
            return .damaged(error)
        }
        guard let kit else { return .marked(found) }
        let isSame =
            found.cluster == kit.cluster
            && (found.clusterID == nil || kit.clusterID == nil || found.clusterID == kit.clusterID)
        guard isSame else {
            throw RecoveryError.otherCluster(
                what: "what lies under \(options.place)",
                found: ClusterLabel.text(found.cluster, found.clusterID),
                expected: ClusterLabel.text(kit.cluster, kit.clusterID))
        }
        return .marked(found)
    }
}
