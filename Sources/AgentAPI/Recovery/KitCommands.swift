// SPDX-License-Identifier: Apache-2.0

import HiddenCharacters

/// The commands that stand in a kit. Each is meant to be typed or pasted into a shell as it stands.
enum KitCommands {
    /// Commands begin here, and nothing else of a kit does.
    static let indent = "    "
    private static let file = "recovery-kit.txt"

    static func worstDay(_ kit: RecoveryKit) -> String {
        """
        The worst day
        -------------
        On a new coordinator, with amfleet and credentials for the bucket
        (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a file); this text
        as \(file); in nodes.txt a line NAME ADDRESS for each
        machine. The second makes a folder for each new machine, to be
        copied there as /etc/amfleet before amfleetd is started.

        \(indent)amfleet recover \(("s3://" + place(kit.bucket, kit.prefix)).shellWord) \\
        \(indent)  --recovery-key \(file)
        \(indent)amfleet node add --from nodes.txt
        \(indent)amfleet restore --recovery-key \(file)
        """
    }

    /// Everything goes to a file `part` first, which gets its name only where the program ends with status 0: `openssl cms` has
    /// written plaintext before it sees that a tag does not fit.
    static func withoutAmfleet(_ kit: RecoveryKit) -> String {
        let endpoint = kit.endpoint.map { ["    --endpoint-url \($0.shellWord) \\"] } ?? []
        let pin = RecoveryKit.cut(kit.authorities.first ?? "", 32)
        let lines =
            [
                "FILE=${FILE:-coordinator.cms}",
                "S3=\(("s3://" + place(kit.bucket, kit.prefix, BucketLayout.reservedName)).shellWord)",
                "A=\(pin.first ?? "")", "A=${A}\(pin.dropFirst().first ?? "")",
                "get() {", "  aws s3 cp --region \(kit.region.shellWord) \\",
            ] + endpoint + [
                "    \"$S3/$1\" \"$2\"", "}",
                "mkdir -m 700 opened && cd opened &&",
                "get \"$FILE\" sealed.cms &&",
                "get \"authorities/$A.pem\" authority.pem &&",
                "{ openssl cms -decrypt -inform DER -in sealed.cms \\",
                "  -inkey ../\(file) -out part || ! rm -f part; } &&",
                "mv part signed.cms && echo \"$A  -\" >pin &&",
                "openssl x509 -in authority.pem -outform DER |",
                "  sha256sum -c pin &&",
                "{ openssl cms -verify -inform DER -in signed.cms -binary \\",
                "  -CAfile authority.pem -purpose any -no_check_time \\",
                "  -signer signer.pem -out part || ! rm -f part; } &&",
                "mv part files.tar && tar -tvf files.tar &&",
                "openssl x509 -in signer.pem -noout -ext subjectAltName",
            ]
        return """
            Without amfleet
            ---------------
            The coordinator's files; those of a node after
            FILE=nodes/NAME/secrets-RUN.cms. It ends with the list of the files
            and with who sealed them, which must be the coordinator, or NAME;
            tar -xpf files.tar unpacks them. An authority that was renewed since
            this sheet was printed has another number A: print a new sheet then.

            \(lines.map { indent + $0 }.joined(separator: "\n"))
            """
    }

    /// - Parameter parts: empty ones are left out.
    private static func place(_ parts: String...) -> String {
        parts.filter { !$0.isEmpty }.joined(separator: "/")
    }
}
