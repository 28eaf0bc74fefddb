package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// forward PID OUTSIDE=INSIDE … accepts connections at each OUTSIDE and continues them to INSIDE in the network
// namespace of the process. It ends with that process.
func forward() error {
	if len(os.Args) < 3 {
		return errors.New("usage: forward PID OUTSIDE=INSIDE …")
	}
	pid, err := strconv.Atoi(os.Args[1])
	if err != nil {
		return err
	}
	namespace, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		return err
	}
	defer namespace.Close()
	for _, rule := range os.Args[2:] {
		outside, inside, found := strings.Cut(rule, "=")
		if !found {
			return fmt.Errorf("%q is not OUTSIDE=INSIDE", rule)
		}
		listener, err := net.Listen("tcp", outside)
		if err != nil {
			return err
		}
		go accept(listener, namespace, inside)
	}
	for syscall.Kill(pid, 0) == nil {
		time.Sleep(500 * time.Millisecond)
	}
	return nil
}

func accept(listener net.Listener, namespace *os.File, inside string) {
	for {
		client, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		go func() {
			defer client.Close()
			server, err := dialInside(namespace, inside)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return
			}
			defer server.Close()
			go stream(server, client)
			stream(client, server)
		}()
	}
}

func stream(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	if tcp, is := to.(*net.TCPConn); is {
		_ = tcp.CloseWrite()
	}
}

// dialInside needs a thread of its own: a thread that has entered a namespace is locked, and so never reused.
func dialInside(namespace *os.File, address string) (conn net.Conn, err error) {
	dialed := make(chan struct{})
	go func() {
		defer close(dialed)
		runtime.LockOSThread()
		if err = unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err == nil {
			conn, err = net.DialTimeout("tcp4", address, 10*time.Second)
		}
	}()
	<-dialed
	return conn, err
}
