// SPDX-License-Identifier: Apache-2.0

/// An Amanda configuration as a test wants it on every node.
struct ConfigurationPlan: Sendable {
    var name: String
    var compress = "none"
    var partSize = "50 gigabytes"
    var blockSize = "10 megabytes"
    var isMultipart = true
    var keepsAttributes = true
    var uploadThreads = 4
    var tapecycle = 3
    /// Of its changer over S3, as `amanda.conf` numbers them.
    var slots = "{01..10}"
    var runtapes = 1
    var length = "500 gigabytes"
    /// Days; 0: every run makes a full dump.
    var dumpcycle = 0
    /// Whether increments can build on a dump.
    var isRecorded = false
    /// The lines of another changer than `chg-multi:` over S3.
    var changer: [String]?
    /// More lines of `amanda.conf`, of its changer and of its dumptype: what they set counts.
    var globalLines: [String] = []
    var changerLines: [String] = []
    var dumptypeLines: [String] = []

    /// Suites that share a cluster make many runs: none may take the volume of a run that another reads.
    static let selfBackup = ConfigurationPlan(name: "amanda-server", tapecycle: 9)
}

/// Who asks the store for what, on one node.
struct StoreAccess: Sendable {
    /// `127.0.0.1:8333`.
    let host: String
    let bucket: String
    let prefix: String
    let accessKey: String
    let secretKey: String
}

extension ConfigurationPlan {
    /// The text of `amanda.conf`, for the configuration that lies in `directory`.
    func text(node: String, directory: String, store: StoreAccess) -> String {
        """
        org "\(name) of \(node)"
        dumpuser "backup"
        inparallel 1
        dumpcycle \(dumpcycle) days
        runspercycle \(max(1, dumpcycle))
        tapecycle \(tapecycle) tapes
        runtapes \(runtapes)
        tapedev "my_s3"
        tapetype S3
        labelstr "^\(name)-[0-9][0-9]*$"
        autolabel "\(name)-%%%%" empty
        infofile "\(directory)/curinfo"
        logdir   "\(directory)"
        indexdir "\(directory)/index"
        tapelist "\(directory)/tapelist"
        \(globalLines.joined(separator: "\n"))

        define changer my_s3 {
            \((changer ?? changerOnS3(node, store)).joined(separator: "\n    "))
            \(changerLines.joined(separator: "\n    "))
        }
        define application-tool app_amgtar {
            plugin "amgtar"
            property "XATTRS" "\(keepsAttributes ? "YES" : "NO")"
            property "GNUTAR-LISTDIR" "\(directory)/gnutar-lists"
        }
        define dumptype archive {
            program "APPLICATION"
            application "app_amgtar"
            auth "local"
            compress \(compress)
            holdingdisk never
            index yes
            \(dumptypeLines.joined(separator: "\n    "))
            record \(isRecorded ? "yes" : "no")
        }
        define tapetype S3 {
            length \(length)
            part_size \(partSize)
            part_cache_type none
            blocksize \(blockSize)
        }

        """
    }

    private func changerOnS3(_ node: String, _ store: StoreAccess) -> [String] {
        [
            "tpchanger \"chg-multi:s3:\(store.bucket)/\(store.prefix)/\(node)/\(name)/slot-\(slots)\"",
            "device-property \"S3_HOST\" \"\(store.host)\"",
            "device-property \"S3_SSL\" \"NO\"",
            "device-property \"S3_SUBDOMAIN\" \"NO\"",
            "device-property \"S3_ACCESS_KEY\" \"\(store.accessKey)\"",
            "device-property \"S3_SECRET_KEY\" \"\(store.secretKey)\"",
            "device-property \"NB_THREADS_BACKUP\" \"\(uploadThreads)\"",
            "device-property \"NB_THREADS_RECOVERY\" \"\(uploadThreads)\"",
            "device-property \"S3_MULTI_PART_UPLOAD\" \"\(isMultipart ? "YES" : "NO")\"",
            "changerfile \"s3-statefile\"",
        ]
    }
}
