// SPDX-License-Identifier: Apache-2.0

import Testing

/// Makes a tree with everything that a backup must bring back, below `directory`. Needs root for owners and xattrs.
func makeOddTree(in directory: String, megabytes: Int = 6) throws {
    try shell(
        """
        mkdir -p sub/deeper 'empty directory' -- '-dash directory'
        echo plain > plain; printf x > one-byte; : > empty
        ln plain sub/hard-link; ln -s ../plain sub/link; ln -s /nowhere/at/all dangling; mkfifo fifo
        truncate -s 20M sparse; printf middle | dd of=sparse bs=1M seek=9 conv=notrunc status=none
        printf end | dd of=sparse bs=1M seek=19 conv=notrunc status=none
        long=$(printf 'n%.0s' {1..255}); echo long > "$long"
        echo new > $'new\\nline'; echo bytes > $'\\xff\\xfe not UTF-8'; echo dash > ./-rf; echo back > 'back\\slash'
        echo attribute > with-attribute; setfattr -n user.comment -v 'kept' with-attribute
        setfattr -n trusted.hidden -v 'also kept' with-attribute
        cp /bin/true capable; setcap cap_net_raw+ep capable
        echo setuid > setuid; chown 1234:4321 setuid; chmod 6755 setuid; chmod 1777 sub/deeper; chmod 0400 one-byte
        seq 1 200000 > sub/text; head -c \(megabytes)M /dev/urandom > sub/random
        for i in $(seq 1 200); do echo "$i" > "sub/deeper/file $i"; done
        touch -d '2001-02-03 04:05:06.789' plain; touch -h -d '2002-02-03 04:05:06' dangling
        touch -d '2003-02-03 04:05:06' 'empty directory'
        """, in: directory)
}
