// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Agent

/// Lines as Amanda 3.5.1 has them in `/usr/sbin`.
@Suite struct ScriptVariablesTests {
    private static let homes = ["backup": "/var/backups", "amanda": "/var/lib/amanda"]

    private func home(_ user: String) -> String? { Self.homes[user] }

    @Test(arguments: [
        ("AMANDA_HOME=~backup\nAM_PASSPHRASE=$AMANDA_HOME/.am_passphrase", "/var/backups/.am_passphrase"),
        ("AMANDA_HOME=~backup\nAM_PASSPHRASE=\"${AMANDA_HOME}/one two\"", "/var/backups/one two"),
        ("AM_PASSPHRASE=/etc/keys/pass   # required", "/etc/keys/pass"),
        ("AM_PASSPHRASE=~amanda/pass", "/var/lib/amanda/pass"),
        ("AM_PASSPHRASE=/first\nAM_PASSPHRASE=/second", "/second"),
        ("AM_PASSPHRASE=$HOME/.p", "/home/own/.p"), ("AM_PASSPHRASE=${HOME}/.p", "/home/own/.p"),
        ("AM_PASSPHRASE=~/.p", "/home/own/.p"), ("export AM_PASSPHRASE=/etc/p", "/etc/p"),
        ("readonly AM_PASSPHRASE=/etc/p", "/etc/p"),
        ("AMANDA_HOME=$HOME\nAM_PASSPHRASE=$AMANDA_HOME/x", "/home/own/x"),
        ("HOME=/srv\nKEYS=$HOME/keys\nAM_PASSPHRASE=\"${KEYS}/p\"", "/srv/keys/p"),
        (
            "my $AMANDA='backup';\n$AMANDA_HOME = (getpwnam($AMANDA) )[7] || die \"x\";\n$AM_PASSPHRASE = \"$AMANDA_HOME/.p\";",
            "/var/backups/.p"
        ),
        ("$ENV{'AM_PASSPHRASE'} = \"/etc/p\";", "/etc/p"),
    ]) func `a path is read as the script's own shell or Perl would`(script: String, path: String) {
        #expect(
            ScriptVariables(parsing: script).path("AM_PASSPHRASE", own: "/home/own", home: home) == path)
    }

    @Test(arguments: [
        "", "AM_PASSPHRASE=`cat /x`", "AM_PASSPHRASE=$(pwd)/x", "AM_PASSPHRASE=$OTHER/x",
        "AM_PASSPHRASE=relative",
        "AM_PASSPHRASE=~nobody-here/x", "AM_PASSPHRASE=\"$AMANDA_HOME\"/x", "AM_PASSPHRASE=$HOME/x",
        "AM_PASSPHRASE=$AM_PASSPHRASE/x",
        "        AM_PASSPHRASE=/dev/null", "if [ AM_PASSPHRASE == /x ]; then",
        "AM_PASSPHRASE=\"/never/closed",
        "AM_PASSPHRASE=/x;rm",
    ]) func `what more than words decide is not read`(script: String) {
        let path = ScriptVariables(parsing: script).path("AM_PASSPHRASE", home: home)
        #expect(path == nil || path == "/x")
        if !script.hasSuffix(";rm") { #expect(path == nil) }
    }

    @Test func `what is set and cannot be followed is told from what is not set`() {
        let script = ScriptVariables(parsing: "AM_PASSPHRASE=$(vault read x)\n  PRIVKEY=/inside")
        #expect(script.setting("AM_PASSPHRASE", home: home) == .unclear("$(vault read x)"))
        #expect(script.setting("PRIVKEY", home: home) == .unset)
    }
}
