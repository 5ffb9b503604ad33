"""The demonstration city: people, firms, prices and programmes beside the clusters of `federation.capacity.catalogue_data`."""
