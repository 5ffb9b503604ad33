"""The MaaS and data-processing centres: models, gateway, training, data sets. Its rooms appear as they are built."""
