// A Kubernetes control plane in one program: etcd, kube-apiserver, kube-controller-manager and kube-scheduler, unchanged,
// each behind its own name as the first argument.
package main

import (
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// Only the command that is asked for may be constructed: two of them install signal handlers when they are made.
var components = map[string]func() *cobra.Command{
	"etcd":                    etcdCommand,
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllermanager.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
}

func main() {
	if len(os.Args) > 1 {
		if command, known := components[os.Args[1]]; known {
			os.Args = os.Args[1:]
			os.Exit(cli.Run(command()))
		}
	}
	fmt.Fprintln(os.Stderr, "usage: control-plane etcd|kube-apiserver|kube-controller-manager|kube-scheduler [flags]")
	os.Exit(2)
}

func etcdCommand() *cobra.Command {
	var directory, listen string
	command := &cobra.Command{
		Use:          "etcd",
		SilenceUsage: true,
		RunE:         func(*cobra.Command, []string) error { return runEtcd(directory, listen) },
	}
	command.Flags().StringVar(&directory, "data-dir", "", "where the data lies; thrown away with the sandbox")
	command.Flags().StringVar(&listen, "listen", "", "the URL to serve clients on")
	return command
}

func runEtcd(directory, listen string) error {
	client, err := url.Parse(listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	peer := url.URL{Scheme: "http", Host: "127.0.0.1:0"}

	config := embed.NewConfig()
	config.Dir = directory
	config.UnsafeNoFsync = true
	config.LogLevel = "error"
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	config.InitialCluster = config.InitialClusterFromName(config.Name)

	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return err
	}
	defer etcd.Close()

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	select {
	case <-stop:
		return nil
	case err := <-etcd.Err():
		return err
	}
}
