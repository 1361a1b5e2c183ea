// Package suite runs virtual-kubelet's own end-to-end suite against any virtual node.
package suite

import (
	"flag"
	"testing"

	"github.com/virtual-kubelet/virtual-kubelet/test/e2e"
)

var (
	kubeconfig = flag.String("kubeconfig", "", "of the upper cluster")
	namespace  = flag.String("namespace", "", "in which the suite makes its pods, and finds one with the name of the node")
	nodeName   = flag.String("node-name", "", "the virtual node")
)

func TestEndToEnd(t *testing.T) {
	e2e.NewEndToEndTestSuite(e2e.EndToEndTestSuiteConfig{
		Kubeconfig: *kubeconfig,
		Namespace:  *namespace,
		NodeName:   *nodeName,
	}).Run(t)
}
