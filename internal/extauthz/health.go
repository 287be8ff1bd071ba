// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"context"
	"time"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/keywright/keywright/internal/gateway"
)

const healthEvery = time.Second // how often those who watch are looked after

// health serves grpc.health.v1: whether requests should be sent here. Like checks, it is for peers that are known.
type health struct {
	grpc_health_v1.UnimplementedHealthServer
	server *Server
}

type healthStatus = grpc_health_v1.HealthCheckResponse_ServingStatus

// Check implements grpc_health_v1.HealthServer.
func (h *health) Check(ctx context.Context, q *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	if err := h.admit(ctx); err != nil {
		return nil, err
	}
	if !serves(q.GetService()) {
		return nil, status.Error(codes.NotFound, "there is no service of this name")
	}
	return &grpc_health_v1.HealthCheckResponse{Status: h.status(ctx)}, nil
}

// Watch implements grpc_health_v1.HealthServer. It ends with the server.
func (h *health) Watch(q *grpc_health_v1.HealthCheckRequest, stream grpc_health_v1.Health_WatchServer) error {
	ctx := stream.Context()
	if err := h.admit(ctx); err != nil {
		return err
	}
	every := time.NewTicker(healthEvery)
	defer every.Stop()
	stopping := h.server.stopping
	for told := healthStatus(-1); ; {
		now := grpc_health_v1.HealthCheckResponse_SERVICE_UNKNOWN
		if serves(q.GetService()) {
			now = h.status(ctx)
		}
		if now != told {
			if err := stream.Send(&grpc_health_v1.HealthCheckResponse{Status: now}); err != nil {
				return err
			}
			told = now
		}
		if h.server.draining.Load() {
			return status.Error(codes.Unavailable, "the server is about to stop")
		}
		select {
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		case <-stopping:
		case <-every.C:
		}
	}
}

func (h *health) admit(ctx context.Context) error {
	_, err := h.server.admit(ctx, "")
	switch err.(type) {
	case nil:
		return nil
	case *gateway.PeerError:
		return status.Error(codes.PermissionDenied, "only proxies that are known here may ask")
	}
	return status.Error(codes.Unavailable, "it could not be judged who asks")
}

// status asks what /readyz asks.
func (h *health) status(ctx context.Context) healthStatus {
	if h.server.draining.Load() || h.server.options.Ready(ctx) != nil {
		return grpc_health_v1.HealthCheckResponse_NOT_SERVING
	}
	return grpc_health_v1.HealthCheckResponse_SERVING
}

func serves(service string) bool {
	return service == "" || service == auth.Authorization_ServiceDesc.ServiceName
}
