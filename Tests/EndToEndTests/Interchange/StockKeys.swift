// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The key and passphrase that `amcrypt` and `amcrypt-ossl` look for in the home of Amanda's user, where there are none.
struct StockKeys: Sendable {
    private let made: [String]

    static func install() async throws -> StockKeys {
        let text = try await script(
            """
            home=$(getent passwd backup | cut -d: -f6)
            if [ ! -e "$home/.am_passphrase" ]; then
                (umask 077; head -c 24 /dev/urandom | base64 >"$home/.am_passphrase")
                chown backup:backup "$home/.am_passphrase"
                echo "$home/.am_passphrase"
            fi
            if [ ! -e "$home/.gnupg/am_key.gpg" ]; then
                [ -d "$home/.gnupg" ] || echo "$home/.gnupg"
                install -d -o backup -g backup -m 700 "$home/.gnupg"
                head -c 3000 /dev/urandom | base64 -w 60 | head -65 | runuser -u backup -- gpg --homedir "$home/.gnupg" \\
                    --batch --quiet --no-tty --pinentry-mode loopback --symmetric --armor \\
                    --passphrase-file "$home/.am_passphrase" --output "$home/.gnupg/am_key.gpg"
                chmod 600 "$home/.gnupg/am_key.gpg"
                echo "$home/.gnupg/am_key.gpg"
            fi
            """)
        let made = text.split(separator: "\n").map(String.init)
        for path in made { ProcessKeeper.shared.placed(path) }
        return StockKeys(made: made)
    }

    func remove() async {
        for path in made {
            try? FileManager.default.removeItem(atPath: path)
            ProcessKeeper.shared.removed(path)
        }
    }
}
